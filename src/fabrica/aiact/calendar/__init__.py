"""The calendar: the days of duties, the clocks that run, as a table, a picture and an iCalendar file."""
