"""Generated from the schema by local/generate_models.py: do not edit."""

from __future__ import annotations

import datetime
import uuid
from typing import (
    Annotated,
    Any,
    List,
    Literal,
    Optional,
    TypedDict,
)
from typing_extensions import NotRequired, TypeAlias

from pydantic import BaseModel, Field, JsonValue

AuthFactorStatus: TypeAlias = Literal["unverified", "verified"]

AuthFactorType: TypeAlias = Literal["totp", "webauthn", "phone"]

AuthOneTimeTokenType: TypeAlias = Literal["confirmation_token", "reauthentication_token", "recovery_token", "email_change_token_new", "email_change_token_current", "phone_change_token"]

StorageBuckettype: TypeAlias = Literal["STANDARD", "ANALYTICS", "VECTOR"]

class PublicAiSessions(BaseModel):
    completed_at: Optional[datetime.datetime] = Field(alias="completed_at")
    created_at: datetime.datetime = Field(alias="created_at")
    error_code: Optional[str] = Field(alias="error_code")
    id: uuid.UUID = Field(alias="id")
    input_json: Optional[JsonValue] = Field(alias="input_json")
    input_tokens: Optional[int] = Field(alias="input_tokens")
    latency_ms: Optional[int] = Field(alias="latency_ms")
    model: Optional[str] = Field(alias="model")
    output_json: Optional[JsonValue] = Field(alias="output_json")
    output_tokens: Optional[int] = Field(alias="output_tokens")
    project_id: Optional[uuid.UUID] = Field(alias="project_id")
    status: str = Field(alias="status")
    user_id: uuid.UUID = Field(alias="user_id")

class PublicAiSessionsInsert(TypedDict):
    completed_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="completed_at")]]
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    error_code: NotRequired[Annotated[Optional[str], Field(alias="error_code")]]
    id: NotRequired[Annotated[uuid.UUID, Field(alias="id")]]
    input_json: NotRequired[Annotated[Optional[JsonValue], Field(alias="input_json")]]
    input_tokens: NotRequired[Annotated[Optional[int], Field(alias="input_tokens")]]
    latency_ms: NotRequired[Annotated[Optional[int], Field(alias="latency_ms")]]
    model: NotRequired[Annotated[Optional[str], Field(alias="model")]]
    output_json: NotRequired[Annotated[Optional[JsonValue], Field(alias="output_json")]]
    output_tokens: NotRequired[Annotated[Optional[int], Field(alias="output_tokens")]]
    project_id: NotRequired[Annotated[Optional[uuid.UUID], Field(alias="project_id")]]
    status: NotRequired[Annotated[str, Field(alias="status")]]
    user_id: Annotated[uuid.UUID, Field(alias="user_id")]

class PublicAiSessionsUpdate(TypedDict):
    completed_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="completed_at")]]
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    error_code: NotRequired[Annotated[Optional[str], Field(alias="error_code")]]
    id: NotRequired[Annotated[uuid.UUID, Field(alias="id")]]
    input_json: NotRequired[Annotated[Optional[JsonValue], Field(alias="input_json")]]
    input_tokens: NotRequired[Annotated[Optional[int], Field(alias="input_tokens")]]
    latency_ms: NotRequired[Annotated[Optional[int], Field(alias="latency_ms")]]
    model: NotRequired[Annotated[Optional[str], Field(alias="model")]]
    output_json: NotRequired[Annotated[Optional[JsonValue], Field(alias="output_json")]]
    output_tokens: NotRequired[Annotated[Optional[int], Field(alias="output_tokens")]]
    project_id: NotRequired[Annotated[Optional[uuid.UUID], Field(alias="project_id")]]
    status: NotRequired[Annotated[str, Field(alias="status")]]
    user_id: NotRequired[Annotated[uuid.UUID, Field(alias="user_id")]]

class PublicInvoices(BaseModel):
    amount_due: int = Field(alias="amount_due")
    amount_paid: int = Field(alias="amount_paid")
    amount_remaining: int = Field(alias="amount_remaining")
    created_at: datetime.datetime = Field(alias="created_at")
    currency: str = Field(alias="currency")
    hosted_invoice_url: Optional[str] = Field(alias="hosted_invoice_url")
    id: uuid.UUID = Field(alias="id")
    invoice_pdf: Optional[str] = Field(alias="invoice_pdf")
    number: Optional[str] = Field(alias="number")
    period_end: Optional[datetime.datetime] = Field(alias="period_end")
    period_start: Optional[datetime.datetime] = Field(alias="period_start")
    status: str = Field(alias="status")
    stripe_id: str = Field(alias="stripe_id")
    subscription_id: Optional[str] = Field(alias="subscription_id")
    user_id: uuid.UUID = Field(alias="user_id")

class PublicInvoicesInsert(TypedDict):
    amount_due: Annotated[int, Field(alias="amount_due")]
    amount_paid: Annotated[int, Field(alias="amount_paid")]
    amount_remaining: Annotated[int, Field(alias="amount_remaining")]
    created_at: Annotated[datetime.datetime, Field(alias="created_at")]
    currency: Annotated[str, Field(alias="currency")]
    hosted_invoice_url: NotRequired[Annotated[Optional[str], Field(alias="hosted_invoice_url")]]
    id: NotRequired[Annotated[uuid.UUID, Field(alias="id")]]
    invoice_pdf: NotRequired[Annotated[Optional[str], Field(alias="invoice_pdf")]]
    number: NotRequired[Annotated[Optional[str], Field(alias="number")]]
    period_end: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="period_end")]]
    period_start: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="period_start")]]
    status: Annotated[str, Field(alias="status")]
    stripe_id: Annotated[str, Field(alias="stripe_id")]
    subscription_id: NotRequired[Annotated[Optional[str], Field(alias="subscription_id")]]
    user_id: Annotated[uuid.UUID, Field(alias="user_id")]

class PublicInvoicesUpdate(TypedDict):
    amount_due: NotRequired[Annotated[int, Field(alias="amount_due")]]
    amount_paid: NotRequired[Annotated[int, Field(alias="amount_paid")]]
    amount_remaining: NotRequired[Annotated[int, Field(alias="amount_remaining")]]
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    currency: NotRequired[Annotated[str, Field(alias="currency")]]
    hosted_invoice_url: NotRequired[Annotated[Optional[str], Field(alias="hosted_invoice_url")]]
    id: NotRequired[Annotated[uuid.UUID, Field(alias="id")]]
    invoice_pdf: NotRequired[Annotated[Optional[str], Field(alias="invoice_pdf")]]
    number: NotRequired[Annotated[Optional[str], Field(alias="number")]]
    period_end: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="period_end")]]
    period_start: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="period_start")]]
    status: NotRequired[Annotated[str, Field(alias="status")]]
    stripe_id: NotRequired[Annotated[str, Field(alias="stripe_id")]]
    subscription_id: NotRequired[Annotated[Optional[str], Field(alias="subscription_id")]]
    user_id: NotRequired[Annotated[uuid.UUID, Field(alias="user_id")]]

class PublicLayouts(BaseModel):
    blocks_json: JsonValue = Field(alias="blocks_json")
    created_at: datetime.datetime = Field(alias="created_at")
    id: uuid.UUID = Field(alias="id")
    name: str = Field(alias="name")
    project_id: Optional[uuid.UUID] = Field(alias="project_id")
    published: bool = Field(alias="published")
    template_id: Optional[uuid.UUID] = Field(alias="template_id")
    updated_at: datetime.datetime = Field(alias="updated_at")
    user_id: Optional[uuid.UUID] = Field(alias="user_id")

class PublicLayoutsInsert(TypedDict):
    blocks_json: Annotated[JsonValue, Field(alias="blocks_json")]
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    id: NotRequired[Annotated[uuid.UUID, Field(alias="id")]]
    name: Annotated[str, Field(alias="name")]
    project_id: NotRequired[Annotated[Optional[uuid.UUID], Field(alias="project_id")]]
    published: NotRequired[Annotated[bool, Field(alias="published")]]
    template_id: NotRequired[Annotated[Optional[uuid.UUID], Field(alias="template_id")]]
    updated_at: NotRequired[Annotated[datetime.datetime, Field(alias="updated_at")]]
    user_id: NotRequired[Annotated[Optional[uuid.UUID], Field(alias="user_id")]]

class PublicLayoutsUpdate(TypedDict):
    blocks_json: NotRequired[Annotated[JsonValue, Field(alias="blocks_json")]]
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    id: NotRequired[Annotated[uuid.UUID, Field(alias="id")]]
    name: NotRequired[Annotated[str, Field(alias="name")]]
    project_id: NotRequired[Annotated[Optional[uuid.UUID], Field(alias="project_id")]]
    published: NotRequired[Annotated[bool, Field(alias="published")]]
    template_id: NotRequired[Annotated[Optional[uuid.UUID], Field(alias="template_id")]]
    updated_at: NotRequired[Annotated[datetime.datetime, Field(alias="updated_at")]]
    user_id: NotRequired[Annotated[Optional[uuid.UUID], Field(alias="user_id")]]

class PublicNotificationPreferences(BaseModel):
    enabled: bool = Field(alias="enabled")
    type: str = Field(alias="type")
    updated_at: datetime.datetime = Field(alias="updated_at")
    user_id: uuid.UUID = Field(alias="user_id")

class PublicNotificationPreferencesInsert(TypedDict):
    enabled: Annotated[bool, Field(alias="enabled")]
    type: Annotated[str, Field(alias="type")]
    updated_at: NotRequired[Annotated[datetime.datetime, Field(alias="updated_at")]]
    user_id: NotRequired[Annotated[uuid.UUID, Field(alias="user_id")]]

class PublicNotificationPreferencesUpdate(TypedDict):
    enabled: NotRequired[Annotated[bool, Field(alias="enabled")]]
    type: NotRequired[Annotated[str, Field(alias="type")]]
    updated_at: NotRequired[Annotated[datetime.datetime, Field(alias="updated_at")]]
    user_id: NotRequired[Annotated[uuid.UUID, Field(alias="user_id")]]

class PublicNotifications(BaseModel):
    attempts: int = Field(alias="attempts")
    created_at: datetime.datetime = Field(alias="created_at")
    dedupe_key: str = Field(alias="dedupe_key")
    error: Optional[str] = Field(alias="error")
    id: uuid.UUID = Field(alias="id")
    next_attempt_at: datetime.datetime = Field(alias="next_attempt_at")
    payload: JsonValue = Field(alias="payload")
    provider_message_id: Optional[str] = Field(alias="provider_message_id")
    sent_at: Optional[datetime.datetime] = Field(alias="sent_at")
    status: str = Field(alias="status")
    type: str = Field(alias="type")
    user_id: uuid.UUID = Field(alias="user_id")

class PublicNotificationsInsert(TypedDict):
    attempts: NotRequired[Annotated[int, Field(alias="attempts")]]
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    dedupe_key: NotRequired[Annotated[str, Field(alias="dedupe_key")]]
    error: NotRequired[Annotated[Optional[str], Field(alias="error")]]
    id: NotRequired[Annotated[uuid.UUID, Field(alias="id")]]
    next_attempt_at: NotRequired[Annotated[datetime.datetime, Field(alias="next_attempt_at")]]
    payload: NotRequired[Annotated[JsonValue, Field(alias="payload")]]
    provider_message_id: NotRequired[Annotated[Optional[str], Field(alias="provider_message_id")]]
    sent_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="sent_at")]]
    status: NotRequired[Annotated[str, Field(alias="status")]]
    type: Annotated[str, Field(alias="type")]
    user_id: Annotated[uuid.UUID, Field(alias="user_id")]

class PublicNotificationsUpdate(TypedDict):
    attempts: NotRequired[Annotated[int, Field(alias="attempts")]]
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    dedupe_key: NotRequired[Annotated[str, Field(alias="dedupe_key")]]
    error: NotRequired[Annotated[Optional[str], Field(alias="error")]]
    id: NotRequired[Annotated[uuid.UUID, Field(alias="id")]]
    next_attempt_at: NotRequired[Annotated[datetime.datetime, Field(alias="next_attempt_at")]]
    payload: NotRequired[Annotated[JsonValue, Field(alias="payload")]]
    provider_message_id: NotRequired[Annotated[Optional[str], Field(alias="provider_message_id")]]
    sent_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="sent_at")]]
    status: NotRequired[Annotated[str, Field(alias="status")]]
    type: NotRequired[Annotated[str, Field(alias="type")]]
    user_id: NotRequired[Annotated[uuid.UUID, Field(alias="user_id")]]

class PublicPlans(BaseModel):
    amount: Optional[int] = Field(alias="amount")
    available: bool = Field(alias="available")
    created_at: datetime.datetime = Field(alias="created_at")
    currency: Optional[str] = Field(alias="currency")
    current_price_id: Optional[str] = Field(alias="current_price_id")
    description: Optional[str] = Field(alias="description")
    features: JsonValue = Field(alias="features")
    id: uuid.UUID = Field(alias="id")
    interval: Optional[str] = Field(alias="interval")
    interval_count: Optional[int] = Field(alias="interval_count")
    limits: JsonValue = Field(alias="limits")
    lookup_key: Optional[str] = Field(alias="lookup_key")
    name: Optional[str] = Field(alias="name")
    offered: bool = Field(alias="offered")
    plan: str = Field(alias="plan")
    price_id: Optional[str] = Field(alias="price_id")
    product_id: Optional[str] = Field(alias="product_id")
    synced: bool = Field(alias="synced")
    tier: str = Field(alias="tier")
    trial_days: Optional[int] = Field(alias="trial_days")

class PublicPlansInsert(TypedDict):
    amount: NotRequired[Annotated[Optional[int], Field(alias="amount")]]
    available: NotRequired[Annotated[bool, Field(alias="available")]]
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    currency: NotRequired[Annotated[Optional[str], Field(alias="currency")]]
    current_price_id: NotRequired[Annotated[Optional[str], Field(alias="current_price_id")]]
    description: NotRequired[Annotated[Optional[str], Field(alias="description")]]
    features: NotRequired[Annotated[JsonValue, Field(alias="features")]]
    id: NotRequired[Annotated[uuid.UUID, Field(alias="id")]]
    interval: NotRequired[Annotated[Optional[str], Field(alias="interval")]]
    interval_count: NotRequired[Annotated[Optional[int], Field(alias="interval_count")]]
    limits: NotRequired[Annotated[JsonValue, Field(alias="limits")]]
    lookup_key: NotRequired[Annotated[Optional[str], Field(alias="lookup_key")]]
    name: NotRequired[Annotated[Optional[str], Field(alias="name")]]
    offered: NotRequired[Annotated[bool, Field(alias="offered")]]
    plan: Annotated[str, Field(alias="plan")]
    price_id: NotRequired[Annotated[Optional[str], Field(alias="price_id")]]
    product_id: NotRequired[Annotated[Optional[str], Field(alias="product_id")]]
    synced: NotRequired[Annotated[bool, Field(alias="synced")]]
    tier: Annotated[str, Field(alias="tier")]
    trial_days: NotRequired[Annotated[Optional[int], Field(alias="trial_days")]]

class PublicPlansUpdate(TypedDict):
    amount: NotRequired[Annotated[Optional[int], Field(alias="amount")]]
    available: NotRequired[Annotated[bool, Field(alias="available")]]
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    currency: NotRequired[Annotated[Optional[str], Field(alias="currency")]]
    current_price_id: NotRequired[Annotated[Optional[str], Field(alias="current_price_id")]]
    description: NotRequired[Annotated[Optional[str], Field(alias="description")]]
    features: NotRequired[Annotated[JsonValue, Field(alias="features")]]
    id: NotRequired[Annotated[uuid.UUID, Field(alias="id")]]
    interval: NotRequired[Annotated[Optional[str], Field(alias="interval")]]
    interval_count: NotRequired[Annotated[Optional[int], Field(alias="interval_count")]]
    limits: NotRequired[Annotated[JsonValue, Field(alias="limits")]]
    lookup_key: NotRequired[Annotated[Optional[str], Field(alias="lookup_key")]]
    name: NotRequired[Annotated[Optional[str], Field(alias="name")]]
    offered: NotRequired[Annotated[bool, Field(alias="offered")]]
    plan: NotRequired[Annotated[str, Field(alias="plan")]]
    price_id: NotRequired[Annotated[Optional[str], Field(alias="price_id")]]
    product_id: NotRequired[Annotated[Optional[str], Field(alias="product_id")]]
    synced: NotRequired[Annotated[bool, Field(alias="synced")]]
    tier: NotRequired[Annotated[str, Field(alias="tier")]]
    trial_days: NotRequired[Annotated[Optional[int], Field(alias="trial_days")]]

class PublicProjectImages(BaseModel):
    alt_text: Optional[str] = Field(alias="alt_text")
    caption: Optional[str] = Field(alias="caption")
    height: Optional[int] = Field(alias="height")
    id: uuid.UUID = Field(alias="id")
    is_cover: bool = Field(alias="is_cover")
    position: int = Field(alias="position")
    project_id: uuid.UUID = Field(alias="project_id")
    renditions: JsonValue = Field(alias="renditions")
    url: str = Field(alias="url")
    width: Optional[int] = Field(alias="width")

class PublicProjectImagesInsert(TypedDict):
    alt_text: NotRequired[Annotated[Optional[str], Field(alias="alt_text")]]
    caption: NotRequired[Annotated[Optional[str], Field(alias="caption")]]
    height: NotRequired[Annotated[Optional[int], Field(alias="height")]]
    id: NotRequired[Annotated[uuid.UUID, Field(alias="id")]]
    is_cover: NotRequired[Annotated[bool, Field(alias="is_cover")]]
    position: NotRequired[Annotated[int, Field(alias="position")]]
    project_id: Annotated[uuid.UUID, Field(alias="project_id")]
    renditions: NotRequired[Annotated[JsonValue, Field(alias="renditions")]]
    url: Annotated[str, Field(alias="url")]
    width: NotRequired[Annotated[Optional[int], Field(alias="width")]]

class PublicProjectImagesUpdate(TypedDict):
    alt_text: NotRequired[Annotated[Optional[str], Field(alias="alt_text")]]
    caption: NotRequired[Annotated[Optional[str], Field(alias="caption")]]
    height: NotRequired[Annotated[Optional[int], Field(alias="height")]]
    id: NotRequired[Annotated[uuid.UUID, Field(alias="id")]]
    is_cover: NotRequired[Annotated[bool, Field(alias="is_cover")]]
    position: NotRequired[Annotated[int, Field(alias="position")]]
    project_id: NotRequired[Annotated[uuid.UUID, Field(alias="project_id")]]
    renditions: NotRequired[Annotated[JsonValue, Field(alias="renditions")]]
    url: NotRequired[Annotated[str, Field(alias="url")]]
    width: NotRequired[Annotated[Optional[int], Field(alias="width")]]

class PublicProjectTags(BaseModel):
    project_id: uuid.UUID = Field(alias="project_id")
    tag: str = Field(alias="tag")

class PublicProjectTagsInsert(TypedDict):
    project_id: Annotated[uuid.UUID, Field(alias="project_id")]
    tag: Annotated[str, Field(alias="tag")]

class PublicProjectTagsUpdate(TypedDict):
    project_id: NotRequired[Annotated[uuid.UUID, Field(alias="project_id")]]
    tag: NotRequired[Annotated[str, Field(alias="tag")]]

class PublicProjectTechnologies(BaseModel):
    project_id: uuid.UUID = Field(alias="project_id")
    technology: str = Field(alias="technology")

class PublicProjectTechnologiesInsert(TypedDict):
    project_id: Annotated[uuid.UUID, Field(alias="project_id")]
    technology: Annotated[str, Field(alias="technology")]

class PublicProjectTechnologiesUpdate(TypedDict):
    project_id: NotRequired[Annotated[uuid.UUID, Field(alias="project_id")]]
    technology: NotRequired[Annotated[str, Field(alias="technology")]]

class PublicProjectVideos(BaseModel):
    alt_text: Optional[str] = Field(alias="alt_text")
    caption: Optional[str] = Field(alias="caption")
    id: uuid.UUID = Field(alias="id")
    position: int = Field(alias="position")
    poster_url: Optional[str] = Field(alias="poster_url")
    project_id: uuid.UUID = Field(alias="project_id")
    url: str = Field(alias="url")

class PublicProjectVideosInsert(TypedDict):
    alt_text: NotRequired[Annotated[Optional[str], Field(alias="alt_text")]]
    caption: NotRequired[Annotated[Optional[str], Field(alias="caption")]]
    id: NotRequired[Annotated[uuid.UUID, Field(alias="id")]]
    position: NotRequired[Annotated[int, Field(alias="position")]]
    poster_url: NotRequired[Annotated[Optional[str], Field(alias="poster_url")]]
    project_id: Annotated[uuid.UUID, Field(alias="project_id")]
    url: Annotated[str, Field(alias="url")]

class PublicProjectVideosUpdate(TypedDict):
    alt_text: NotRequired[Annotated[Optional[str], Field(alias="alt_text")]]
    caption: NotRequired[Annotated[Optional[str], Field(alias="caption")]]
    id: NotRequired[Annotated[uuid.UUID, Field(alias="id")]]
    position: NotRequired[Annotated[int, Field(alias="position")]]
    poster_url: NotRequired[Annotated[Optional[str], Field(alias="poster_url")]]
    project_id: NotRequired[Annotated[uuid.UUID, Field(alias="project_id")]]
    url: NotRequired[Annotated[str, Field(alias="url")]]

class PublicProjects(BaseModel):
    created_at: datetime.datetime = Field(alias="created_at")
    description: Optional[str] = Field(alias="description")
    github_link: Optional[str] = Field(alias="github_link")
    id: uuid.UUID = Field(alias="id")
    linkedin_link: Optional[str] = Field(alias="linkedin_link")
    live_link: Optional[str] = Field(alias="live_link")
    short_summary: Optional[str] = Field(alias="short_summary")
    status: str = Field(alias="status")
    title: str = Field(alias="title")
    twitter_link: Optional[str] = Field(alias="twitter_link")
    updated_at: datetime.datetime = Field(alias="updated_at")
    user_id: uuid.UUID = Field(alias="user_id")

class PublicProjectsInsert(TypedDict):
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    description: NotRequired[Annotated[Optional[str], Field(alias="description")]]
    github_link: NotRequired[Annotated[Optional[str], Field(alias="github_link")]]
    id: NotRequired[Annotated[uuid.UUID, Field(alias="id")]]
    linkedin_link: NotRequired[Annotated[Optional[str], Field(alias="linkedin_link")]]
    live_link: NotRequired[Annotated[Optional[str], Field(alias="live_link")]]
    short_summary: NotRequired[Annotated[Optional[str], Field(alias="short_summary")]]
    status: NotRequired[Annotated[str, Field(alias="status")]]
    title: Annotated[str, Field(alias="title")]
    twitter_link: NotRequired[Annotated[Optional[str], Field(alias="twitter_link")]]
    updated_at: NotRequired[Annotated[datetime.datetime, Field(alias="updated_at")]]
    user_id: NotRequired[Annotated[uuid.UUID, Field(alias="user_id")]]

class PublicProjectsUpdate(TypedDict):
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    description: NotRequired[Annotated[Optional[str], Field(alias="description")]]
    github_link: NotRequired[Annotated[Optional[str], Field(alias="github_link")]]
    id: NotRequired[Annotated[uuid.UUID, Field(alias="id")]]
    linkedin_link: NotRequired[Annotated[Optional[str], Field(alias="linkedin_link")]]
    live_link: NotRequired[Annotated[Optional[str], Field(alias="live_link")]]
    short_summary: NotRequired[Annotated[Optional[str], Field(alias="short_summary")]]
    status: NotRequired[Annotated[str, Field(alias="status")]]
    title: NotRequired[Annotated[str, Field(alias="title")]]
    twitter_link: NotRequired[Annotated[Optional[str], Field(alias="twitter_link")]]
    updated_at: NotRequired[Annotated[datetime.datetime, Field(alias="updated_at")]]
    user_id: NotRequired[Annotated[uuid.UUID, Field(alias="user_id")]]

class PublicSocialMetrics(BaseModel):
    as_of: datetime.datetime = Field(alias="as_of")
    comments: int = Field(alias="comments")
    forks: int = Field(alias="forks")
    id: uuid.UUID = Field(alias="id")
    likes: int = Field(alias="likes")
    platform: str = Field(alias="platform")
    project_id: uuid.UUID = Field(alias="project_id")
    recorded_at: datetime.date = Field(alias="recorded_at")
    replies: int = Field(alias="replies")
    retweets: int = Field(alias="retweets")
    stars: int = Field(alias="stars")
    watchers: int = Field(alias="watchers")

class PublicSocialMetricsInsert(TypedDict):
    as_of: NotRequired[Annotated[datetime.datetime, Field(alias="as_of")]]
    comments: NotRequired[Annotated[int, Field(alias="comments")]]
    forks: NotRequired[Annotated[int, Field(alias="forks")]]
    id: NotRequired[Annotated[uuid.UUID, Field(alias="id")]]
    likes: NotRequired[Annotated[int, Field(alias="likes")]]
    platform: Annotated[str, Field(alias="platform")]
    project_id: Annotated[uuid.UUID, Field(alias="project_id")]
    recorded_at: NotRequired[Annotated[datetime.date, Field(alias="recorded_at")]]
    replies: NotRequired[Annotated[int, Field(alias="replies")]]
    retweets: NotRequired[Annotated[int, Field(alias="retweets")]]
    stars: NotRequired[Annotated[int, Field(alias="stars")]]
    watchers: NotRequired[Annotated[int, Field(alias="watchers")]]

class PublicSocialMetricsUpdate(TypedDict):
    as_of: NotRequired[Annotated[datetime.datetime, Field(alias="as_of")]]
    comments: NotRequired[Annotated[int, Field(alias="comments")]]
    forks: NotRequired[Annotated[int, Field(alias="forks")]]
    id: NotRequired[Annotated[uuid.UUID, Field(alias="id")]]
    likes: NotRequired[Annotated[int, Field(alias="likes")]]
    platform: NotRequired[Annotated[str, Field(alias="platform")]]
    project_id: NotRequired[Annotated[uuid.UUID, Field(alias="project_id")]]
    recorded_at: NotRequired[Annotated[datetime.date, Field(alias="recorded_at")]]
    replies: NotRequired[Annotated[int, Field(alias="replies")]]
    retweets: NotRequired[Annotated[int, Field(alias="retweets")]]
    stars: NotRequired[Annotated[int, Field(alias="stars")]]
    watchers: NotRequired[Annotated[int, Field(alias="watchers")]]

class PublicStorageQuotas(BaseModel):
    max_bytes: int = Field(alias="max_bytes")
    max_files: int = Field(alias="max_files")
    tier: str = Field(alias="tier")

class PublicStorageQuotasInsert(TypedDict):
    max_bytes: Annotated[int, Field(alias="max_bytes")]
    max_files: Annotated[int, Field(alias="max_files")]
    tier: Annotated[str, Field(alias="tier")]

class PublicStorageQuotasUpdate(TypedDict):
    max_bytes: NotRequired[Annotated[int, Field(alias="max_bytes")]]
    max_files: NotRequired[Annotated[int, Field(alias="max_files")]]
    tier: NotRequired[Annotated[str, Field(alias="tier")]]

class PublicSubscriptions(BaseModel):
    cancel_at: Optional[datetime.datetime] = Field(alias="cancel_at")
    created_at: datetime.datetime = Field(alias="created_at")
    current_period_end: Optional[datetime.datetime] = Field(alias="current_period_end")
    grace_until: Optional[datetime.datetime] = Field(alias="grace_until")
    id: uuid.UUID = Field(alias="id")
    past_due_since: Optional[datetime.datetime] = Field(alias="past_due_since")
    plan: str = Field(alias="plan")
    price_amount: Optional[int] = Field(alias="price_amount")
    price_currency: Optional[str] = Field(alias="price_currency")
    price_id: Optional[str] = Field(alias="price_id")
    price_interval: Optional[str] = Field(alias="price_interval")
    price_interval_count: Optional[int] = Field(alias="price_interval_count")
    status: str = Field(alias="status")
    stripe_id: str = Field(alias="stripe_id")
    tier: str = Field(alias="tier")
    trial_end: Optional[datetime.datetime] = Field(alias="trial_end")
    user_id: uuid.UUID = Field(alias="user_id")

class PublicSubscriptionsInsert(TypedDict):
    cancel_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="cancel_at")]]
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    current_period_end: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="current_period_end")]]
    grace_until: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="grace_until")]]
    id: NotRequired[Annotated[uuid.UUID, Field(alias="id")]]
    past_due_since: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="past_due_since")]]
    plan: Annotated[str, Field(alias="plan")]
    price_amount: NotRequired[Annotated[Optional[int], Field(alias="price_amount")]]
    price_currency: NotRequired[Annotated[Optional[str], Field(alias="price_currency")]]
    price_id: NotRequired[Annotated[Optional[str], Field(alias="price_id")]]
    price_interval: NotRequired[Annotated[Optional[str], Field(alias="price_interval")]]
    price_interval_count: NotRequired[Annotated[Optional[int], Field(alias="price_interval_count")]]
    status: Annotated[str, Field(alias="status")]
    stripe_id: Annotated[str, Field(alias="stripe_id")]
    tier: NotRequired[Annotated[str, Field(alias="tier")]]
    trial_end: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="trial_end")]]
    user_id: Annotated[uuid.UUID, Field(alias="user_id")]

class PublicSubscriptionsUpdate(TypedDict):
    cancel_at: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="cancel_at")]]
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    current_period_end: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="current_period_end")]]
    grace_until: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="grace_until")]]
    id: NotRequired[Annotated[uuid.UUID, Field(alias="id")]]
    past_due_since: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="past_due_since")]]
    plan: NotRequired[Annotated[str, Field(alias="plan")]]
    price_amount: NotRequired[Annotated[Optional[int], Field(alias="price_amount")]]
    price_currency: NotRequired[Annotated[Optional[str], Field(alias="price_currency")]]
    price_id: NotRequired[Annotated[Optional[str], Field(alias="price_id")]]
    price_interval: NotRequired[Annotated[Optional[str], Field(alias="price_interval")]]
    price_interval_count: NotRequired[Annotated[Optional[int], Field(alias="price_interval_count")]]
    status: NotRequired[Annotated[str, Field(alias="status")]]
    stripe_id: NotRequired[Annotated[str, Field(alias="stripe_id")]]
    tier: NotRequired[Annotated[str, Field(alias="tier")]]
    trial_end: NotRequired[Annotated[Optional[datetime.datetime], Field(alias="trial_end")]]
    user_id: NotRequired[Annotated[uuid.UUID, Field(alias="user_id")]]

class PublicTemplates(BaseModel):
    blocks_json: JsonValue = Field(alias="blocks_json")
    created_at: datetime.datetime = Field(alias="created_at")
    id: uuid.UUID = Field(alias="id")
    name: str = Field(alias="name")

class PublicTemplatesInsert(TypedDict):
    blocks_json: Annotated[JsonValue, Field(alias="blocks_json")]
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    id: NotRequired[Annotated[uuid.UUID, Field(alias="id")]]
    name: Annotated[str, Field(alias="name")]

class PublicTemplatesUpdate(TypedDict):
    blocks_json: NotRequired[Annotated[JsonValue, Field(alias="blocks_json")]]
    created_at: NotRequired[Annotated[datetime.datetime, Field(alias="created_at")]]
    id: NotRequired[Annotated[uuid.UUID, Field(alias="id")]]
    name: NotRequired[Annotated[str, Field(alias="name")]]

class PublicTierLimits(BaseModel):
    designs_per_day: int = Field(alias="designs_per_day")
    tier: str = Field(alias="tier")

class PublicTierLimitsInsert(TypedDict):
    designs_per_day: Annotated[int, Field(alias="designs_per_day")]
    tier: Annotated[str, Field(alias="tier")]

class PublicTierLimitsUpdate(TypedDict):
    designs_per_day: NotRequired[Annotated[int, Field(alias="designs_per_day")]]
    tier: NotRequired[Annotated[str, Field(alias="tier")]]

class PublicUsers(BaseModel):
    avatar_url: Optional[str] = Field(alias="avatar_url")
    created_at: datetime.datetime = Field(alias="created_at")
    email: Optional[str] = Field(alias="email")
    google_id: Optional[str] = Field(alias="google_id")
    id: uuid.UUID = Field(alias="id")
    tier: str = Field(alias="tier")
    username: str = Field(alias="username")
