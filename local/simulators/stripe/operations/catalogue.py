"""Products and prices."""

from operator import itemgetter
from typing import Annotated, Literal

from pydantic import Field

from local.simulators.stripe import catalogue
from local.simulators.stripe.context import Context
from local.simulators.stripe.errors import invalid
from local.simulators.stripe.operations.base import Operation, listing, retrieve
from local.simulators.stripe.parameters import (
    Clearable,
    Created,
    Expanding,
    Listed,
    Metadata,
    Params,
    Text,
    merged_metadata,
)
from local.simulators.stripe.state import Object, new_id


class MarketingFeature(Params):
    name: Annotated[str, Field(max_length=80)]


MarketingFeatures = Annotated[Listed[MarketingFeature], Field(max_length=15)]


class CreateProduct(Expanding):
    name: Text
    marketing_features: MarketingFeatures = Field(default_factory=list)
    id: str | None = None
    active: bool = True
    description: Text | None = None
    metadata: Metadata = None


class UpdateProduct(Expanding):
    name: Text | None = None
    active: bool = True
    description: Clearable[Text] = None
    marketing_features: Clearable[MarketingFeatures] = None
    metadata: Metadata = None


class ListProducts(Created):
    active: bool | None = None
    ids: Listed[str] | None = None


class Recurring(Params):
    interval: Literal["day", "week", "month", "year"]
    interval_count: Annotated[int, Field(ge=1)] = 1


class CreatePrice(Expanding):
    currency: str
    product: str
    unit_amount: Annotated[int, Field(ge=0)]
    active: bool = True
    lookup_key: str | None = None
    metadata: Metadata = None
    nickname: str | None = None
    recurring: Recurring | None = None
    transfer_lookup_key: bool = False


class UpdatePrice(Expanding):
    active: bool = True
    lookup_key: str | None = None
    metadata: Metadata = None
    nickname: Clearable[Text] = None
    transfer_lookup_key: bool = False


class ListPrices(Created):
    active: bool | None = None
    currency: str | None = None
    lookup_keys: Listed[str] | None = None
    product: str | None = None
    type: Literal["one_time", "recurring"] | None = None


def _create_product(context: Context, params: CreateProduct, _: str) -> Object:
    if params.id and context.state.find(params.id, "product"):
        raise invalid(f"Product already exists: {params.id}", param="id", code="resource_already_exists")
    given = {
        "active": params.active,
        "description": params.description,
        "marketing_features": [each.model_dump() for each in params.marketing_features],
        "metadata": merged_metadata({}, params.metadata),
    }
    made = catalogue.product(params.id or new_id("prod", 14), params.name, context.now(), **given)
    context.state.add(made)
    context.emit("product.created", made)
    return made


def _update_product(context: Context, params: UpdateProduct, identity: str) -> Object:
    product = context.state.need("product", identity)
    with context.updating(product, "product.updated"):
        for name in ("name", "active", "description"):
            if params.given(name):
                product[name] = getattr(params, name)
        if params.given("marketing_features"):
            product["marketing_features"] = [each.model_dump() for each in params.marketing_features or ()]
        if params.given("metadata"):
            product["metadata"] = merged_metadata(product["metadata"], params.metadata)
        product["updated"] = context.now()
    return product


def _take_lookup_key(context: Context, key: str | None, *, transfer: bool) -> None:
    for price in context.state.all("price") if key else ():
        if price["lookup_key"] == key:
            if not transfer:
                raise invalid(f"A price (`{price['id']}`) already uses that lookup key.", param="lookup_key")
            with context.updating(price, "price.updated"):
                price["lookup_key"] = None


def _create_price(context: Context, params: CreatePrice, _: str) -> Object:
    product = context.state.need("product", params.product, param="product")
    _take_lookup_key(context, params.lookup_key, transfer=params.transfer_lookup_key)
    recurring = params.recurring
    made = catalogue.price(
        new_id("price"),
        product["id"],
        params.currency.lower(),
        params.unit_amount,
        context.now(),
        active=params.active,
        lookup_key=params.lookup_key,
        metadata=merged_metadata({}, params.metadata),
        nickname=params.nickname,
        recurring=catalogue.recurring(recurring.interval, recurring.interval_count) if recurring else None,
    )
    context.state.add(made)
    context.emit("price.created", made)
    return made


def _update_price(context: Context, params: UpdatePrice, identity: str) -> Object:
    price = context.state.need("price", identity)
    if params.lookup_key and params.lookup_key != price["lookup_key"]:
        _take_lookup_key(context, params.lookup_key, transfer=params.transfer_lookup_key)
    with context.updating(price, "price.updated"):
        for name in ("active", "lookup_key", "nickname"):
            if params.given(name):
                price[name] = getattr(params, name)
        if params.given("metadata"):
            price["metadata"] = merged_metadata(price["metadata"], params.metadata)
    return price


OPERATIONS = (
    Operation("products.create", "POST", "/v1/products", CreateProduct, _create_product),
    Operation("products.list", "GET", "/v1/products", ListProducts, listing("product", ids=itemgetter("id"))),
    Operation("products.retrieve", "GET", "/v1/products/{id}", Expanding, retrieve("product")),
    Operation("products.update", "POST", "/v1/products/{id}", UpdateProduct, _update_product),
    Operation("prices.create", "POST", "/v1/prices", CreatePrice, _create_price),
    Operation("prices.list", "GET", "/v1/prices", ListPrices, listing("price", lookup_keys=itemgetter("lookup_key"))),
    Operation("prices.retrieve", "GET", "/v1/prices/{id}", Expanding, retrieve("price")),
    Operation("prices.update", "POST", "/v1/prices/{id}", UpdatePrice, _update_price),
)
