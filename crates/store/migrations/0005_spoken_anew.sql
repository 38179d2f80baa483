-- Whether somebody speaks in a segment is judged with its edges and with what was lost in it: all of it is read again.
DELETE FROM position;
DELETE FROM recording;
DELETE FROM recording_line;
DELETE FROM track;
DELETE FROM segment;
DELETE FROM gap;
DELETE FROM mark;
