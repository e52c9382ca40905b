"""The demo: where it plays, its story, and its picture."""
