"""Sites, offers and needs from tables: sheets, layers and frames become nodes with places."""
