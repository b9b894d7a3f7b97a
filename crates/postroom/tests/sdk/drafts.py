"""Drives drafts and imports of a running server with the unmodified Python SDK `inkbox` from PyPI (check 22).

Takes the base URL and an organization's key. Prints one line for each thing that works, and ends with a
traceback at the first that does not.
"""

import base64
import io
import sys
import urllib.parse

from inkbox import Inkbox
from inkbox.exceptions import InkboxAPIError, MailImportUploadError
from inkbox.mail.types import DraftRecipients

IMPORT_SECONDS = 60

base_url, api_key = sys.argv[1], sys.argv[2]


def done(what):
    print(what, flush=True)


def refused(status, call, *arguments, **named):
    """Calls what must be refused with a status, and answers what was said."""
    try:
        call(*arguments, **named)
    except InkboxAPIError as error:
        assert error.status_code == status, error
        return error
    raise AssertionError(f"{call.__name__} was not refused")


def file(name, content):
    return {"filename": name, "content_type": "text/plain", "content_base64": base64.b64encode(content).decode()}


inkbox = Inkbox(api_key=api_key, base_url=base_url)
desk = inkbox.create_identity("desk")
clerk = inkbox.create_identity("clerk")

draft = desk.create_email_draft(subject="Plan", body_text="See you", idempotency_key="plan")
assert desk.create_email_draft(subject="Plan", body_text="See you", idempotency_key="plan").id == draft.id
assert (draft.generation, draft.to_addresses, draft.body_html) == (1, [], None)
draft = desk.update_email_draft(
    draft.id, generation=1, recipients=DraftRecipients(to=[clerk.email_address]), body_html="<p>See you</p>"
)
assert (draft.generation, draft.to_addresses, draft.body_text) == (2, [clerk.email_address], "See you")
late = refused(409, desk.update_email_draft, draft.id, generation=1, subject="Other")
assert late.detail["error"] == "draft_generation_conflict"
cleared = desk.update_email_draft(draft.id, generation=2, body_html=None)
assert desk.get_email_draft(draft.id) == cleared and cleared.body_html is None
done("drafts")

of_desk = desk.email_address
draft = inkbox.drafts.add_attachments(
    of_desk, draft.id, generation=3, attachments=[file("a.txt", b"a"), file("Ärger.txt", b"bb")]
)
assert [a.part_index for a in draft.attachment_metadata] == [0, 1] and draft.attachment_count == 2
read = inkbox.drafts.download_attachment(of_desk, draft.id, 1, generation=4)
assert (read.content, read.filename, read.content_type) == (b"bb", "Ärger.txt", "text/plain")
draft = inkbox.drafts.remove_attachment(of_desk, draft.id, 0, generation=4)
assert [a.filename for a in draft.attachment_metadata] == ["Ärger.txt"]
done("attachments of drafts")

copy = desk.duplicate_email_draft(draft.id, generation=5)
assert copy.id != draft.id and copy.generation == 1 and copy.attachment_count == 1
assert [d.id for d in desk.iter_email_drafts(page_size=1)] == [copy.id, draft.id]
sent = desk.send_email_draft(draft.id, generation=5)
assert sent.subject == "Plan" and sent.has_attachments
refused(404, desk.get_email_draft, draft.id)
desk.delete_email_draft(copy.id, generation=1)
assert list(desk.iter_email_drafts()) == []
received = next(clerk.iter_emails())
assert clerk.get_message(str(received.id)).body_text == "See you"
done("a draft is sent")

forward = clerk.create_email_draft(
    to=[of_desk], forward_message_id=received.id, forward_mode="inline", forward_note_text="Look:"
)
assert forward.forward_source_message_id == received.id
assert clerk.send_email_draft(forward.id, generation=1).subject == "Fwd: Plan"
done("a draft that forwards")

EML = b"""\
From: ann@old.example\r
To: desk@old.example\r
Message-ID: <1@old.example>\r
Subject: An old letter\r
Date: Wed, 01 Jul 2020 09:30:00 +0000\r
\r
Hello.\r
"""
imports = inkbox.mailboxes.imports


def bring(upload, content):
    """Uploads to a target, which names the public address of the server and not the one that is reached here."""
    there = urllib.parse.urlsplit(upload.url)
    upload.url = f"{base_url}{there.path}?{there.query}"
    imports.upload(upload, io.BytesIO(content), filename="letter.eml")


def whole(content):
    """One import from its beginning to its end."""
    made = imports.create(of_desk, source_format="eml", original_addresses=["desk@old.example"], mark_as_read=False)
    assert made.upload.expires_in_seconds == 300
    bring(made.upload, content)
    assert imports.start(of_desk, made.job.id).upload_size_bytes == len(content)
    return imports.wait(of_desk, made.job.id, timeout=IMPORT_SECONDS, poll_interval=0.1)


job = whole(EML)
assert (job.status, job.messages_processed, job.messages_imported) == ("completed", 1, 1), job
old = [m for m in desk.iter_emails() if m.subject == "An old letter"]
assert len(old) == 1 and old[0].created_at.year == 2020 and not old[0].is_read
again = whole(EML)
assert (again.messages_imported, again.messages_skipped_duplicate) == (0, 1), again
done("an import of a letter")

made = imports.create(of_desk)
refused(409, imports.create, of_desk)
refused(409, imports.start, of_desk, made.job.id)
made.upload.url += "0"
try:
    bring(made.upload, EML)
    raise AssertionError("a link that was changed is taken")
except MailImportUploadError as error:
    assert error.status_code == 403, error
bring(imports.refresh_upload_target(of_desk, made.job.id), EML)
assert imports.cancel(of_desk, made.job.id).is_terminal
page = imports.list(of_desk, limit=2)
assert [j.status for j in page.items] == ["cancelled", "completed"] and page.has_more
rest = imports.list(of_desk, limit=2, cursor=page.next_cursor)
assert [j.id for j in rest.items] == [job.id] and not rest.has_more
done("links, and a cancelled import")
