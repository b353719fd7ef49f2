"""The central service: one folder per slice of the business."""
