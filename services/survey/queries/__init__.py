"""Question → answer: feedback, figures with the cases behind them, published appraisals."""
