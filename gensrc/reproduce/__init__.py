"""Published figures beside ours: the full-scale runs of the page *Reproductions*."""
