"""What a chapter's claims and exercise are tried with: data of tests/book, never collected."""

collect_ignore_glob = ["*"]
