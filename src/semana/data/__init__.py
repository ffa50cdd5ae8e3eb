"""What each table means: catalog, schemas, weeks, sources, cleaning, purchases. Pure: frames and values in and out."""
