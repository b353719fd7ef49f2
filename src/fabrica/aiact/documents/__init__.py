"""Documents of the Act: each item filled from evidence, confirmed or typed by a person, or listed as missing."""
