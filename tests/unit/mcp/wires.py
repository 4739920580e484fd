"""Answers as bytes, in the shapes that the task server has been seen to send."""

import json

from tinyscheduler.adapters.mcp.answer import Answer

STREAM = "text/event-stream"
JSON = "application/json"


def reply(result: object, call_id: object = 7) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": call_id, "result": result}


def stream(*messages: object, end: str = "\n") -> bytes:
    events = (f"event: message{end}data: {json.dumps(m, ensure_ascii=False)}{end}{end}" for m in messages)
    return "".join(events).encode()


def text_result(text: str, **more: object) -> dict[str, object]:
    return {"content": [{"type": "text", "text": text}], **more}


def result_of(body: bytes, content_type: str, call_id: int) -> object:
    answer = Answer(content_type, call_id)
    answer.feed(body)
    return answer.result()
