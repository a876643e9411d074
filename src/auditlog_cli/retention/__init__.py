"""How long a log is kept, and in which form: old segments go (`pruning`), closed ones are packed (`compressing`), and
what is under a legal hold stays (`holding`)."""
