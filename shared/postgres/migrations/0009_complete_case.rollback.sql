DELETE FROM es.categories WHERE category IN (
    'photo', 'clock', 'admission', 'demand', 'volunteer', 'duty', 'emergency', 'visit', 'account', 'appraisal', 'flag'
);
