"""Message components and interactions: items, forms, pages, replies, uploads, the command tree."""
