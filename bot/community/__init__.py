"""What people of a server do together: share prompts, remix, compete, and see how they are doing."""
