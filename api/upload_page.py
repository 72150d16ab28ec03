"""The page on which applicants answer a request: plain, without a framework, the same bytes for everybody.

Its script reads the token behind the # of the link, which no server sees, and sends it as a credential.
"""

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Send documents</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 36rem; margin: 0 auto; padding: 1rem; color: #1b1f24; }
blockquote { margin: 1rem 0; padding: .5rem 1rem; border-left: .25rem solid #0a5; white-space: pre-wrap; }
button { font: inherit; padding: .6rem 1.2rem; background: #064; color: #fff; border: 0; border-radius: .3rem; }
button:disabled { background: #767676; }
[role=alert] { color: #a00000; }
</style>
<script src="/upload.js" defer></script>
</head>
<body>
<main>
<h1>Send documents</h1>
<noscript><p>This page needs JavaScript: it keeps your link's secret out of every log.</p></noscript>
<div id="asked" hidden>
<p>You are asked for this:</p>
<blockquote id="text"></blockquote>
<p>Please answer by <time id="until"></time>. The link works once.</p>
<form id="form">
<p><label for="files">Files: photographs or PDF, at most <span id="most"></span>, each up to 10 MB</label></p>
<p><input id="files" name="files" type="file" multiple required
 accept="image/jpeg,image/png,image/webp,image/tiff,image/gif,application/pdf"></p>
<p><button id="send">Send</button></p>
</form>
</div>
<p id="said" role="status"></p>
<p id="wrong" role="alert"></p>
</main>
</body>
</html>
"""

SCRIPT = """"use strict";
const token = location.hash.slice(1);
history.replaceState(null, "", location.pathname);
const at = (id) => document.getElementById(id);
const headers = { Authorization: "Bearer " + token };
const closed = "This link is not complete. Open it again from the message that you received.";

async function problem(answer) {
  try {
    const told = await answer.json();
    return [told.detail, told.advice].filter(Boolean).join(" ");
  } catch {
    return "Something went wrong. Try again in a few minutes.";
  }
}

async function show() {
  if (!token) { at("wrong").textContent = closed; return; }
  const answer = await fetch("/v1/uploads", { headers });
  if (!answer.ok) { at("wrong").textContent = await problem(answer); return; }
  const asked = await answer.json();
  at("text").textContent = asked.text;
  at("until").textContent = new Date(asked.expires_at).toLocaleString();
  at("until").dateTime = asked.expires_at;
  at("most").textContent = asked.files;
  at("asked").hidden = false;
}

at("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  at("wrong").textContent = "";
  at("said").textContent = "Sending…";
  at("send").disabled = true;
  try {
    const answer = await fetch("/v1/uploads", { method: "POST", headers, body: new FormData(at("form")) });
    if (answer.ok) {
      at("asked").hidden = true;
      at("said").textContent = "Thank you. Your files have arrived.";
      return;
    }
    at("wrong").textContent = await problem(answer);
  } catch {
    at("wrong").textContent = "The connection failed. Nothing was sent: try again.";
  }
  at("said").textContent = "";
  at("send").disabled = false;
});

show();
"""
