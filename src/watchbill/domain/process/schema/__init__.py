from watchbill.domain.process.schema.document import ProcessDocument

__all__ = ["ProcessDocument"]
