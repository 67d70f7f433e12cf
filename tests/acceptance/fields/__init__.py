"""Each field of the four systems' documents beside the field of the API that holds it."""
