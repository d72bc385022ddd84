DROP TABLE notify.letters_read;
