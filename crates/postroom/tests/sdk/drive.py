"""Drives a running server with the unmodified Python SDK `inkbox` from PyPI.

Takes the base URL and an organization's key. Prints one line for each thing that works, and ends with a
traceback at the first that does not. Webhooks are received here and checked with the SDK's own verifier.
"""

import base64
import http.server
import json
import queue
import sys
import threading
import time
import urllib.parse
import urllib.request

from inkbox import Inkbox
from inkbox.contacts import ContactCorrespondenceOptions
from inkbox.contacts.types import ContactEmail
from inkbox.exceptions import (
    DuplicateContactRuleError,
    IdempotencyKeyReusedError,
    InkboxAPIError,
    StorageLimitExceededError,
)
from inkbox.identities.exceptions import HandleUnavailableError
from inkbox.signing_keys import verify_webhook

WEBHOOK_SECONDS = 20
LOOK_SECONDS = 0.05

base_url, api_key = sys.argv[1], sys.argv[2]
told = {"/desk": queue.Queue(), "/clerk": queue.Queue(), "/log": queue.Queue(), "/moved": queue.Queue()}
answers = {"/log": 500}


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        told[self.path].put((body, dict(self.headers)))
        self.send_response(answers.get(self.path, 204))
        self.end_headers()

    def log_message(self, *_):
        pass


early = {path: [] for path in told}


def next_event(kind, of, secret):
    """A delivery of a type at a path, which may have come before others; its signature must hold."""
    for event in early[of]:
        if event["event_type"] == kind:
            early[of].remove(event)
            return event
    while True:
        body, headers = told[of].get(timeout=WEBHOOK_SECONDS)
        assert verify_webhook(payload=body, headers=headers, secret=secret), "the signature does not hold"
        event = json.loads(body)
        if event["event_type"] == kind:
            return event
        early[of].append(event)


def next_delivery(of, secret):
    """The next request at a path, which must be signed."""
    body, headers = told[of].get(timeout=WEBHOOK_SECONDS)
    assert verify_webhook(payload=body, headers=headers, secret=secret), "the signature does not hold"
    return body, {name.lower(): value for name, value in headers.items()}


def refused(status, call):
    """What the server refuses with this status."""
    try:
        call()
    except InkboxAPIError as error:
        assert error.status_code == status, f"{error.status_code} instead of {status}: {error}"
        return error
    raise AssertionError(f"not refused, {status} was expected")


def until(what, find):
    """What is found once the server has written it down."""
    ends = time.monotonic() + WEBHOOK_SECONDS
    while time.monotonic() < ends:
        found = find()
        if found:
            return found
        time.sleep(LOOK_SECONDS)
    raise AssertionError(f"{what} did not come")


def done(what):
    print(what, flush=True)


receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=receiver.serve_forever, daemon=True).start()
hook = f"http://127.0.0.1:{receiver.server_port}"

inkbox = Inkbox(api_key=api_key, base_url=base_url)
assert inkbox.whoami().auth_type == "api_key"
done("whoami")

desk = inkbox.create_identity("desk", display_name="The desk")
clerk = inkbox.create_identity("clerk")
assert {i.agent_handle for i in inkbox.list_identities()} == {"desk", "clerk"}
assert inkbox.get_identity("desk").display_name == "The desk"
desk.update(description="answers customers")
desk.refresh()
assert desk.description == "answers customers"
assert desk.tunnel is None
done("identities")

made = inkbox.api_keys.create(label="desk", scoped_identity_id=str(desk.id))
agent = Inkbox(api_key=made.api_key, base_url=base_url).get_identity("desk")
done("api keys")

boxes = inkbox.mailboxes.list()
assert {b.email_address for b in boxes} == {desk.email_address, clerk.email_address}
box = inkbox.mailboxes.update(desk.email_address, signature_text="The desk", signature_enabled=True)
assert box.signature_enabled and box.storage_used_bytes == 0
done("mailboxes")

of_desk = inkbox.webhooks.subscriptions.create(
    mailbox_id=desk.mailbox.id, url=f"{hook}/desk", event_types=["message.received"]
)
of_clerk = inkbox.webhooks.subscriptions.create(
    mailbox_id=clerk.mailbox.id, url=f"{hook}/clerk", event_types=["message.sent", "message.delivered", "message.forwarded"]
)
assert of_desk.signing_key and of_clerk.signing_key
done("subscriptions")

attachment = {
    "filename": "numbers.csv",
    "content_type": "text/csv",
    "content_base64": base64.b64encode(b"a,b\n1,2\n").decode(),
}
sent = clerk.send_email(
    to=[desk.email_address], subject="Invoice 881", body_text="Here it is.", attachments=[attachment]
)
assert sent.has_attachments and sent.direction == "outbound"
for kind in ("message.sent", "message.delivered"):
    assert next_event(kind, "/clerk", of_clerk.signing_key)["data"]["message"]["id"] == str(sent.id)
event = next_event("message.received", "/desk", of_desk.signing_key)
assert event["data"]["message"]["body"].startswith("Here it is.")
done("send, and webhooks that verify")

inbound = list(agent.iter_emails())
assert len(inbound) == 1 and not inbound[0].is_read
detail = agent.get_message(str(inbound[0].id))
assert detail.is_read and detail.body_text == "Here it is."
link = inkbox.messages.get_attachment(desk.email_address, detail.id, "numbers.csv")["url"]
# The link names the public address of the server, which may be another one than this test reaches.
there = urllib.parse.urlsplit(link)
assert urllib.request.urlopen(f"{base_url}{there.path}?{there.query}").read() == b"a,b\n1,2\n"
done("receive, read, attachments")

reply = agent.reply_all_email(str(detail.id), body_text="Thank you.")
assert reply.subject == "Re: Invoice 881" and reply.thread_id == detail.thread_id
thread = agent.get_thread(str(detail.thread_id))
assert thread.message_count == 2 and len(thread.messages) == 2
assert "inbox" in inkbox.threads.list_folders(desk.email_address)
moved = inkbox.threads.update(desk.email_address, detail.thread_id, folder="archive")
assert moved.folder == "archive"
done("reply all, threads")

back = [m for m in clerk.iter_emails() if m.direction == "inbound"][0]
forward = clerk.forward_email(str(back.id), to=[desk.email_address], body_text="For you.")
assert forward.subject == "Fwd: Re: Invoice 881"
assert next_event("message.forwarded", "/clerk", of_clerk.signing_key)["data"]["message"]["id"] == str(forward.id)
next_event("message.received", "/desk", of_desk.signing_key)
done("forward")

agent.mark_emails_unread([str(detail.id)])
assert not [m for m in agent.iter_emails() if m.id == detail.id][0].is_read
inkbox.messages.delete(desk.email_address, detail.id)
assert detail.id not in [m.id for m in agent.iter_emails()]
done("flags, delete")

rule = desk.create_mail_contact_rule(action="block", match_type="domain", match_target="spam.example")
assert [r.id for r in desk.list_mail_contact_rules()] == [rule.id]
try:
    desk.create_mail_contact_rule(action="allow", match_type="domain", match_target="spam.example")
    raise AssertionError("an equal rule was made")
except DuplicateContactRuleError as error:
    assert error.existing_rule_id == rule.id
desk.update_mail_contact_rule(rule.id, action="allow")
desk.delete_mail_contact_rule(rule.id)
done("contact rules")

rotated = desk.create_signing_key()
clerk.send_email(to=[desk.email_address], subject="After the rotation", body_text="x")
next_event("message.received", "/desk", rotated.signing_key)
assert desk.get_signing_key_status().configured
refused(409, inkbox.signing_keys.create_or_rotate)
assert inkbox.signing_keys.get_status().configured
done("signing keys")

hooks = inkbox.webhooks.subscriptions
third = hooks.create(
    agent_identity_id=desk.id,
    url=f"{hook}/log",
    event_types=["message.received"],
    context_config={"email": {"mode": "count", "count": 2}},
    auth_token="t0ken",
)
assert third.signing_key is None and third.has_auth_token and third.auth_token == "t0ken"
assert hooks.get(third.id).context_config["email"] == {"mode": "count", "count": 2}
assert [s.id for s in hooks.list(agent_identity_id=desk.id, scope="identity")] == [third.id, of_desk.id]
assert [s.id for s in hooks.list(url=f"{hook}/clerk")] == [of_clerk.id]
done("subscriptions: list, get, context, token")

first = clerk.send_email(to=[desk.email_address], subject="The log", body_text="One.")
next_delivery("/log", rotated.signing_key)
answers["/log"] = 204
clerk.send_email(
    to=[desk.email_address], subject="Re: The log", body_text="Two.", in_reply_to_message_id=first.message_id
)
body, headers = next_delivery("/log", rotated.signing_key)
while json.loads(body)["data"]["message"]["subject"] != "Re: The log":
    # The first one, tried again.
    body, headers = next_delivery("/log", rotated.signing_key)
assert headers["authorization"] == "Bearer t0ken"
context = json.loads(body)["data"]["context"]
assert [item["snippet"] for item in context["email"]["items"]] == ["One."]
log = inkbox.webhooks.deliveries
failed = until("the failure", lambda: log.list(subscription_id=third.id, success=False))
assert len(failed) == 1 and failed[0].response_status == 500 and failed[0].replayable
until("the success", lambda: body in [row.request_payload.encode() for row in log.list(success=True)])
assert log.list(event_type="message.bounced") == []
done("deliveries, context")

hooks.update(third.id, url=f"{hook}/moved", context_config=None, auth_token=None)
again = log.replay(failed[0].id)
assert again.is_replay and again.event_id == failed[0].event_id and again.url == f"{hook}/moved"
assert again.response_status == 204
body, headers = next_delivery("/moved", rotated.signing_key)
assert body == failed[0].request_payload.encode() and "authorization" not in headers
hooks.update(third.id, event_types=["message.sent"])
refused(409, lambda: log.replay(failed[0].id))
hooks.delete(third.id)
refused(404, lambda: hooks.get(third.id))
refused(409, lambda: log.replay(failed[0].id))
done("replay, change, delete")

known = inkbox.contacts.create(
    preferred_name="The clerk", emails=[ContactEmail(label=None, value=clerk.email_address, is_primary=True)]
)
assert inkbox.contacts.get(known.id).preferred_name == "The clerk"
assert [c.id for c in inkbox.contacts.lookup(email=clerk.email_address.upper())] == [known.id]
assert inkbox.contacts.update(known.id, company_name="Postroom").company_name == "Postroom"
assert [c.id for c in inkbox.contacts.list(q="clerk")] == [known.id]
clerk.send_email(to=[desk.email_address], subject="Who is it", body_text="x")
event = next_event("message.received", "/desk", rotated.signing_key)
while event["data"]["message"]["subject"] != "Who is it":
    event = next_event("message.received", "/desk", rotated.signing_key)
match = event["data"]["contacts"][0]
assert (match["bucket"], match["id"], match["name"]) == ("from", str(known.id), "The clerk")
done("contacts")

facts = inkbox.contacts.facts
fact = facts.create(known.id, content="Likes short letters", kind="preference")
assert facts.get(known.id, fact.id).kind == "preference"
assert facts.update(known.id, fact.id, content="Likes long letters").origin == "user"
assert [f.content for f in facts.list(known.id, include_expired=True)] == ["Likes long letters"]
spare = inkbox.contacts.create(given_name="Clerk", job_title="Clerk")
brief = facts.create(spare.id, content="Is off on Fridays", kind="context")
merged = inkbox.contacts.merge(known.id, losing_contact_ids=[spare.id], field_sources={"job_title": spare.id})
assert (merged.id, merged.job_title, merged.memory_count) == (known.id, "Clerk", 2)
assert merged.latest_memory.id == brief.id
assert facts.delete(known.id, brief.id).memory_count == 1
done("facts, merge")

cards = inkbox.contacts.vcards
text = cards.export_vcard(known.id)
assert text.startswith("BEGIN:VCARD") and "FN:The clerk" in text
assert cards.export_vcards([known.id]).vcard == text
told = cards.import_vcards(text + text.replace(clerk.email_address, "new@x.io"))
assert [one.status for one in told.results] == ["conflict", "created"]
assert told.results[0].conflicting_contact_id == known.id and told.created_count == 1
gone = inkbox.contacts.bulk_delete([told.results[1].contact.id])
assert (gone.deleted_count, gone.error_count) == (1, 0)
done("vcards, bulk delete")

written = inkbox.contacts.correspondence.get(
    known.id, ContactCorrespondenceOptions(identity_id=desk.id, content="full", email_limit=1)
)
assert (written.contact_id, written.identity_id) == (known.id, desk.id)
assert (written.items[0].subject, written.items[0].body_text) == ("Who is it", "x")
assert [c.status for c in written.channels] == ["available"] + 4 * ["no_resource"]
older = inkbox.contacts.correspondence.get(
    known.id, ContactCorrespondenceOptions(identity_id=desk.id, email_limit=1, cursor=written.next_cursor)
)
assert older.items[0].source_id != written.items[0].source_id
inkbox.contacts.delete(known.id)
refused(404, lambda: inkbox.contacts.get(known.id))
done("correspondence")

notes = inkbox.notes
note = notes.create(body="Net 30.", title="Terms")
assert note.access == [] and notes.get(note.id).title == "Terms"
assert notes.access.grant(note.id, identity_id=desk.id).identity_id == desk.id
refused(409, lambda: notes.access.grant(note.id, identity_id=desk.id))
assert [n.id for n in notes.list(q="net", identity_id=desk.id)] == [note.id]
assert notes.update(note.id, title=None, body="Net 45.").title is None
notes.access.revoke(note.id, desk.id)
assert notes.access.list(note.id) == []
notes.delete(note.id)
refused(404, lambda: notes.get(note.id))
done("notes")

try:
    clerk.send_email(to=[desk.email_address], subject="Long", body_text="0123456789abcdef " * 20_000)
    raise AssertionError("a full mailbox sent")
except StorageLimitExceededError as error:
    assert error.limit_bytes == 131_072 and error.upgrade_url.startswith("https://"), error
try:
    inkbox.create_identity("desk")
    raise AssertionError("a handle was taken twice")
except HandleUnavailableError as error:
    assert error.blocking_namespace == "identities"
try:
    inkbox.get_identity("nobody")
    raise AssertionError("there is nobody")
except InkboxAPIError as error:
    assert (error.status_code, error.detail) == (404, "Identity not found")
once = {"to": [desk.email_address], "idempotency_key": "once"}
first = clerk.send_email(subject="Once", body_text="x", **once)
assert clerk.send_email(subject="Once", body_text="x", **once).id == first.id
try:
    clerk.send_email(subject="Twice", body_text="x", **once)
    raise AssertionError("a key was used for two sends")
except IdempotencyKeyReusedError as error:
    assert error.message
done("refusals that the client knows")

clerk.delete()
assert {i.agent_handle for i in inkbox.list_identities()} == {"desk"}
done("delete")
