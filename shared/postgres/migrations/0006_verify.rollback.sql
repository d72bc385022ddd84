DROP FUNCTION es.verify_chain(text[]);
