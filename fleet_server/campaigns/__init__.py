"""Films, campaigns and what each bench is given to play."""
