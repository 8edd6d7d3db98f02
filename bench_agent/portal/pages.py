"""The pages a citizen sees: Indonesian, no script, no external part, nothing of the request (HOT-R25 to R27).

Only the bench's name, numbers and the form token are filled in.
"""

import base64
import hashlib
import html

from bench_agent.domain.gate_messages import GateReply, Notice

_STYLE = (
    "body{font:1.1rem/1.5 system-ui,sans-serif;margin:0 auto;max-width:34rem;padding:1rem;color:#1b1b1b;"
    "background:#fff}h1{font-size:1.5rem;line-height:1.25}a{color:#0b4f8a}"
    "button{font:inherit;font-weight:700;min-height:56px;width:100%;border:0;border-radius:8px;"
    "background:#0b5d3b;color:#fff}button.quiet{background:#fff;color:#8a1c1c;border:2px solid #8a1c1c}"
    "button:focus,a:focus{outline:3px solid #f2a900;outline-offset:2px}"
    ".big{font-size:1.4rem;font-weight:700}footer{margin-top:2rem;font-size:.95rem}"
    "footer a{display:inline-block;padding:14px 14px 14px 0}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
"""Value of the CSP header for every page (HOT-R30)."""


class Pages:
    """Renders whole pages for one bench."""

    def __init__(self, bench_name: str) -> None:
        self._bench_name = html.escape(bench_name)

    def welcome(self, token: str, notice: Notice | None = None) -> bytes:
        """Who offers this, what energy means for it now, the terms in short, and the one button."""
        return self._page(
            "Wi-Fi gratis",
            f"""<h1>Wi-Fi gratis di {self._bench_name}</h1>{_notice(notice)}
<p>Layanan gratis dari Pemerintah Kabupaten Trenggalek untuk semua orang.
Kami tidak meminta nama, nomor telepon, atau surel.</p>
<ul><li>Waktu dan kuota dibatasi agar semua kebagian.</li>
<li>Jangan dipakai untuk perbuatan yang melanggar hukum.</li>
<li>Wi-Fi ini terbuka: buka hanya situs dengan <b>https</b> untuk hal pribadi.</li></ul>
{_form("/masuk", token, "Setuju &amp; sambungkan", hint="Sambungkan ke internet")}
<p>Dengan menekan tombol, Anda menyetujui <a href="/ketentuan">ketentuan</a>
dan telah membaca <a href="/privasi">privasi</a>.</p>""",
        )

    def connected(self, reply: GateReply, token: str) -> bytes:
        """The status page: time left, quota left, and the way out."""
        minutes = max(1, reply.remaining_s // 60)
        hours, rest = divmod(minutes, 60)
        time_left = f"{hours} jam {rest} menit" if hours else f"{rest} menit"
        quota = (
            ""
            if reply.quota_left_bytes is None
            else f"<p>Sisa kuota unduh: <b>{reply.quota_left_bytes // 1_000_000} MB</b></p>"
        )
        return self._page(
            "Anda sudah tersambung",
            f"""<h1>Anda sudah tersambung</h1>{_notice(reply.notice)}
<p>Anda terhubung ke internet lewat {self._bench_name}.</p>
<p>Sisa waktu:</p><p class="big">{time_left}</p>{quota}
{_form("/putus", token, "Putuskan", quiet=True)}""",
        )

    def terms(self) -> bytes:
        """What one may do here."""
        return self._page(
            "Ketentuan",
            """<h1>Ketentuan pemakaian</h1>
<ul><li>Layanan ini gratis dan terbuka bagi semua orang.</li>
<li>Setiap perangkat mendapat waktu dan kuota yang sama.</li>
<li>Dilarang memakai layanan ini untuk penipuan, perjudian, kekerasan, atau perbuatan lain yang
melanggar hukum.</li>
<li>Layanan dapat dibatasi atau dimatikan ketika baterai bangku menipis.</li></ul>""",
        )

    def privacy(self) -> bytes:
        """What is kept and what is not (HOT-R63)."""
        return self._page(
            "Privasi",
            """<h1>Privasi</h1>
<p>Tujuan: layanan publik akses internet (UU 27/2022 tentang Pelindungan Data Pribadi).</p>
<ul><li>Kami tidak meminta nama, NIK, nomor telepon, atau surel.</li>
<li>Selama sesi, bangku menyimpan alamat perangkat di memori untuk membuka dan menutup sambungan.</li>
<li>Yang dikirim ke server hanya jumlah: banyaknya sesi dan besar data.</li>
<li>Kami tidak mencatat situs yang Anda buka.</li>
<li>Wi-Fi terbuka tidak disandikan: pakailah situs <b>https</b>.</li></ul>""",
        )

    def outage(self) -> bytes:
        """Something on the bench is not working."""
        return self._notice("Sedang gangguan", "Layanan sedang terganggu. Silakan coba lagi sebentar lagi.")

    def full(self) -> bytes:
        """No session is free."""
        return self._notice("Sedang penuh", "Semua tempat terpakai. Silakan coba lagi beberapa menit lagi.")

    def closed(self, notice: Notice | None = None) -> bytes:
        """The power plan keeps the hotspot off, and why."""
        text = "Wi-Fi sedang dimatikan untuk menghemat baterai. Silakan coba lagi nanti."
        return self._page("Hemat baterai", f"<h1>Hemat baterai</h1>\n<p>{text}</p>{_notice(notice)}")

    def missing(self) -> bytes:
        """No such page."""
        return self._notice("Halaman tidak ada", "Halaman yang Anda cari tidak ada.")

    def unreadable(self) -> bytes:
        """The request was not understood."""
        return self._notice("Permintaan tidak dikenal", "Permintaan tidak dapat dibaca.")

    def _notice(self, title: str, text: str) -> bytes:
        return self._page(title, f"<h1>{title}</h1>\n<p>{text}</p>")

    def _page(self, title: str, body: str) -> bytes:
        return f"""<!doctype html>
<html lang="id"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>{_STYLE}</style></head>
<body><main>{body}</main>
<footer><a href="/">Halaman awal</a><a href="/ketentuan">Ketentuan</a><a href="/privasi">Privasi</a></footer>
</body></html>
""".encode()


def _notice(notice: Notice | None) -> str:
    """A notice in both languages, nothing without one."""
    if notice is None:
        return ""
    return f'\n<p role="status">{html.escape(notice.id)}<br><i lang="en">{html.escape(notice.en)}</i></p>'


def _form(action: str, token: str, label: str, *, hint: str = "", quiet: bool = False) -> str:
    style = ' class="quiet"' if quiet else ""
    title = f' title="{hint}"' if hint else ""
    return (
        f'<form method="post" action="{action}"><input type="hidden" name="token" value="{token}">'
        f"<button{style}{title}>{label}</button></form>"
    )
