"""Real-time notifications for Django."""
