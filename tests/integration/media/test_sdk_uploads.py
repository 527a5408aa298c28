"""Uploads by the client libraries, with what createUploadUrl answers."""

import base64

from supabase import create_client
from tests.integration.media.media import Studio
from tests.support.files.pictures import image
from tests.support.node import run_script

PICTURE = image("PNG")


def test_supabase_js_uploads_to_the_signed_url(studio: Studio) -> None:
    done = run_script(
        "signed_upload.mjs",
        url=studio.stack.url,
        key=studio.stack.publishable_key,
        token=studio.user.token,
        target={"project_id": studio.project()},
        picture=base64.b64encode(PICTURE).decode(),
        type="image/png",
    )
    assert done["sent"] is None
    assert done["confirmed"]["kind"] == "image"
    assert (done["asked"]["status"], done["asked"]["media"]) == ("confirmed", done["confirmed"])


def test_supabase_py_uploads_to_the_signed_url(studio: Studio) -> None:
    announced = studio.announce(studio.project(), PICTURE)
    bucket = create_client(studio.stack.url, studio.stack.publishable_key).storage.from_(announced["bucket"])
    bucket.upload_to_signed_url(announced["path"], announced["token"], PICTURE, {"content-type": "image/png"})
    assert studio.call("confirmUpload", upload_id=announced["upload_id"]).status_code == 200
