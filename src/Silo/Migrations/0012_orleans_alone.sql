-- Earlier versions could run on a grain runtime of their own, whose reminders have no place on Orleans' ring and would never be
-- read. Every reminder is registered again at the start that follows; what work it has done is in reminder_runs, and stays.

DELETE FROM reminders WHERE grain_hash = 0;
