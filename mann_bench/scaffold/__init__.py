"""New plugin distributions from templates: ``mann-bench plugin new``."""
