-- Reports name the documents by which a customer was identified, with their dates.
GRANT SELECT ON document_reading TO clearance_filing;
