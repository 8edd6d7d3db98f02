"""Campaign and playlist logic shared by bench and server; pure but for the pipeline."""
