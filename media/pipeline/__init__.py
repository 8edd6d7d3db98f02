"""From an uploaded file to a verified asset (SIG-R52 to SIG-R55); server only, needs ffmpeg."""

from media.pipeline.film import Processed, process
from media.pipeline.limits import SourceLimits

__all__ = ["Processed", "SourceLimits", "process"]
