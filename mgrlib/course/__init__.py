"""What only the chapters and assignments need: players, sources shown, explorers, quizzes, grading."""
