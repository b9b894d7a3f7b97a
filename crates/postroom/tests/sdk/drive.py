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
import urllib.parse
import urllib.request

from inkbox import Inkbox
from inkbox.signing_keys import verify_webhook

WEBHOOK_SECONDS = 20

base_url, api_key = sys.argv[1], sys.argv[2]
told = {"/desk": queue.Queue(), "/clerk": queue.Queue()}


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        told[self.path].put((body, dict(self.headers)))
        self.send_response(204)
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
desk.update_mail_contact_rule(rule.id, action="allow")
desk.delete_mail_contact_rule(rule.id)
done("contact rules")

rotated = desk.create_signing_key()
clerk.send_email(to=[desk.email_address], subject="After the rotation", body_text="x")
next_event("message.received", "/desk", rotated.signing_key)
assert desk.get_signing_key_status().configured
done("signing keys")

clerk.delete()
assert {i.agent_handle for i in inkbox.list_identities()} == {"desk"}
done("delete")
