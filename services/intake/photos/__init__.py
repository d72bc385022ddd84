"""Photos that come with reports: taken in, kept, shown to those whom they concern, and every look recorded."""
