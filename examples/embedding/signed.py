"""A page whose links are signed, made by a server that knows the secret. Nothing but the standard library.

    OMNIC_KEY=one:0123456789abcdef0123456789abcdef OMNIC_SERVICE=https://media.example python signed.py > page.html

Each signature is for one target of one address, until a time; one for ``view`` opens every type of its address.
"""

import base64
import hashlib
import hmac
import html
import os
import sys
import time
from urllib.parse import quote

KID, SECRET = os.environ["OMNIC_KEY"].split(":", 1)
SERVICE = os.environ["OMNIC_SERVICE"].rstrip("/")


def signed(target: str, url: str, life: int = 3600) -> str:
    """The media URL. What is signed is each part with its length before it: 8 bytes, the highest first."""
    expires = str(int(time.time()) + life)
    parts = [part.encode() for part in (KID, expires, target, url)]
    message = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    digest = hmac.new(SECRET.encode(), message, hashlib.sha256).digest()
    signature = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return f"{SERVICE}/media/{quote(target, safe=':,=')}/?url={quote(url, safe='')}&kid={KID}&exp={expires}&sig={signature}"


def view(url: str, title: str) -> str:
    thumb, content = signed("thumb.webp:320x240", url), signed("view", url)
    return f'<omnic-view src="{html.escape(content)}" thumb="{html.escape(thumb)}" alt="{html.escape(title)}"></omnic-view>'


sys.stdout.write(f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>For members</title>
<script type="module" src="{SERVICE}/viewer/omnic.js"></script>
</head>
<body>
<main>
<h1>For members</h1>
{view("file://samples/letter.docx", "The letter")}
</main>
</body>
</html>
""")
