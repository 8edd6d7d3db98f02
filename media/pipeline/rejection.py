"""Why an upload is refused, with what to do about it (SIG-R52)."""

from enum import StrEnum

from media.errors import MediaRejectedError


class Code(StrEnum):
    """Reasons to refuse an upload."""

    EMPTY = "empty"
    NOT_MEDIA = "not_media"
    UNSUPPORTED = "unsupported"
    PLAYLIST = "playlist"
    TOO_BIG = "too_big"
    TOO_LONG = "too_long"
    TOO_SHORT = "too_short"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_MANY_STREAMS = "too_many_streams"
    DAMAGED = "damaged"
    NO_PICTURE = "no_picture"
    LIMIT_BREACHED = "limit_breached"


_SENTENCES: dict[Code, tuple[str, str]] = {
    Code.EMPTY: (
        "Berkas kosong. Unggah ulang berkas aslinya.",
        "The file is empty. Upload the original again.",
    ),
    Code.NOT_MEDIA: (
        "Ini bukan film. Pilih berkas MP4, MOV, MKV, WebM, atau MPEG-TS.",
        "This is not a film. Choose an MP4, MOV, MKV, WebM or MPEG-TS file.",
    ),
    Code.UNSUPPORTED: (
        "Jenis film ini tidak didukung. Ekspor ulang sebagai MP4 (H.264).",
        "This kind of film is not supported. Export it again as MP4 (H.264).",
    ),
    Code.PLAYLIST: (
        "Ini daftar putar, bukan film. Unggah filmnya sendiri.",
        "This is a playlist, not a film. Upload the film itself.",
    ),
    Code.TOO_BIG: (
        "Berkas terlalu besar. Ekspor ulang dengan ukuran lebih kecil.",
        "The file is too big. Export it again in a smaller size.",
    ),
    Code.TOO_LONG: (
        "Film terlalu panjang. Potong menjadi beberapa bagian.",
        "The film is too long. Cut it into parts.",
    ),
    Code.TOO_SHORT: (
        "Film terlalu pendek. Panjangkan sampai sedikitnya tiga detik.",
        "The film is too short. Make it at least three seconds long.",
    ),
    Code.TOO_MANY_PIXELS: (
        "Gambar terlalu besar. Ekspor ulang dalam 1920x1080.",
        "The picture is too large. Export it again in 1920x1080.",
    ),
    Code.TOO_MANY_STREAMS: (
        "Terlalu banyak trek. Ekspor ulang dengan satu gambar dan satu suara.",
        "Too many tracks. Export it again with one picture and one sound track.",
    ),
    Code.DAMAGED: (
        "Berkas rusak atau terpotong. Ekspor atau unggah ulang film aslinya.",
        "The file is damaged or cut off. Export or upload the original again.",
    ),
    Code.NO_PICTURE: (
        "Tidak ada gambar di dalam berkas. Unggah film yang bergambar.",
        "There is no picture in the file. Upload a film with a picture.",
    ),
    Code.LIMIT_BREACHED: (
        "Film terlalu berat untuk diolah. Ekspor ulang sebagai MP4 (H.264) 1920x1080.",
        "The film is too heavy to process. Export it again as MP4 (H.264) 1920x1080.",
    ),
}


def reject(code: Code, detail: str = "") -> MediaRejectedError:
    """The error to raise for ``code``; ``detail`` (numbers, a second) ends both sentences."""
    indonesian, english = _SENTENCES[code]
    tail = f" ({detail})" if detail else ""
    return MediaRejectedError(code.value, indonesian + tail, english + tail)
