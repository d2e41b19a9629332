"""gitreg as MLflow's model registry: ``mlflow.set_registry_uri("gitreg:/srv/models.git")``."""
