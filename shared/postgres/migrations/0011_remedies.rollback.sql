DELETE FROM es.categories WHERE category IN ('remedy', 'campaign');
