"""The AI Act as data and plain rules: facts in; classes, duties with dates, open questions and reasons out."""
