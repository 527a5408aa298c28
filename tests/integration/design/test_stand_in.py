"""OpenAI's simulator itself: what it takes, and how it is set to behave."""

import pytest

from tests.support import plain_http
from tests.support.vendors.openai import KEY, Designer

CHAT = {"model": "gpt-4.1", "messages": [{"role": "user", "content": "Hello"}]}


def test_it_wants_a_key(designer: Designer) -> None:
    answer = plain_http.post(f"{designer.openai_url}/v1/chat/completions", json=CHAT)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")


def test_it_answers_who_does_not_stream(designer: Designer) -> None:
    headers = {"authorization": f"Bearer {KEY}"}
    answer = plain_http.post(f"{designer.openai_url}/v1/chat/completions", json=CHAT, headers=headers).json()
    assert answer["object"] == "chat.completion"
    assert '"type":"hero"' in answer["choices"][0]["message"]["content"]


def test_it_keeps_no_key(designer: Designer) -> None:
    body = {**CHAT, "messages": [{"role": "user", "content": f"my key is {KEY}"}]}
    plain_http.post(f"{designer.openai_url}/v1/chat/completions", json=body, headers={"authorization": f"Bearer {KEY}"})
    assert designer.received("my key is")[-1]["json"]["messages"][0]["content"] == "my key is [redacted]"
    assert KEY not in plain_http.get(f"{designer.openai_url}/_simulator", params={"limit": 500}).text


@pytest.mark.parametrize("wanted", [[], {"a": {}}, {"a": [{"kind": "sings"}]}, {"a": [None]}])
def test_it_refuses_behaviours_that_it_does_not_know(designer: Designer, wanted: object) -> None:
    answer = plain_http.put(f"{designer.openai_url}/_simulator/behaviours", json=wanted)
    assert answer.status_code == 422


def test_it_shows_people_what_it_does(designer: Designer) -> None:
    answer = plain_http.get(f"{designer.openai_url}/", headers={"accept": "text/html"}, follow_redirects=True)
    assert answer.headers["content-type"].startswith("text/html")
    assert "OpenAI simulator" in answer.text
    assert plain_http.get(f"{designer.openai_url}/_simulator/elsewhere").status_code == 404


def test_the_page_shows_messages_as_text_whatever_was_sent(designer: Designer) -> None:
    bodies = [
        "null",
        "7",
        "[]",
        '"x"',
        "nonsense",
        '{"messages": 5}',
        '{"messages": [null, {"content": [{"text": 1}, null]}]}',
    ]
    spoken = '{"model": "m", "messages": [{"role": "user", "content": "Say <script>&"}]}'
    for body in [*bodies, spoken]:
        plain_http.post(f"{designer.openai_url}/v1/chat/completions", content=body)
    page = plain_http.get(f"{designer.openai_url}/_simulator", headers={"accept": "text/html"})
    assert page.status_code == 200
    assert "<pre>Say &lt;script&gt;&amp;</pre>" in page.text
    assert "<script>" not in page.text


def test_behaviours_are_taken_back(designer: Designer) -> None:
    designer.behave("some-subject", {"kind": "server_error"})
    assert "some-subject" in plain_http.get(f"{designer.openai_url}/_simulator").json()["behaviours"]
    parameters = {"subject": "some-subject"}
    assert plain_http.delete(f"{designer.openai_url}/_simulator/behaviours", params=parameters).status_code == 204
    assert "some-subject" not in plain_http.get(f"{designer.openai_url}/_simulator").json()["behaviours"]
