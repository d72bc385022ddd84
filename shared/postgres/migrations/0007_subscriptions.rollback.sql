DELETE FROM es.categories WHERE category = 'subscription';
