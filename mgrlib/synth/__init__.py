"""The music of the embedded corpus: styles, artists, a composer and a renderer."""
