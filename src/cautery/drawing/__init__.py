"""What every picture and page shares: how outside text is shown, and how numbers are written.

>>> from cautery.drawing.escaping import clean, markup, typst_literal
>>> print(markup("<b>door\u202e 1</b>"))
&lt;b&gt;door[U+202E] 1&lt;/b&gt;
"""
