//! A report as a sequence of blocks in one language: made once, then written as lines, Markdown or HTML.

/// A report ready to be written.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) language: Language,
    pub(crate) title: String,
    pub(crate) subtitle: String,
    pub(crate) sections: Vec<Section>,
}

/// A part with a heading.
#[derive(Debug)]
pub(crate) struct Section {
    /// For links to it.
    pub(crate) id: String,
    pub(crate) heading: String,
    pub(crate) blocks: Vec<Block>,
}

/// What a section consists of.
#[derive(Debug)]
pub(crate) enum Block {
    /// A sentence or several.
    Text(String),
    /// A smaller heading.
    Heading(String),
    List(Vec<String>),
    /// Text whose lines and spaces count, such as a diff.
    Code(String),
    /// Each a name, a word and how good that is.
    Lights(Vec<(String, String, Tone)>),
    Table(Table),
    /// Parts of 1 as bars; the table behind them says the same.
    Bars(Vec<Bar>, Table),
    /// Parts over time, one line a name; the table behind them says the same.
    Trend(Vec<(String, Vec<Option<f64>>)>, Table),
}

/// One bar.
#[derive(Debug, Clone)]
pub(crate) struct Bar {
    pub(crate) name: String,
    pub(crate) part: f64,
    pub(crate) shown: String,
}

/// Rows under headings.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) caption: String,
    pub(crate) heads: Vec<String>,
    /// From this column on, figures: set right.
    pub(crate) figures_from: usize,
    pub(crate) rows: Vec<Vec<Cell>>,
}

/// What a column says of one thing.
type Says<'a, T> = Box<dyn Fn(&T) -> Cell + 'a>;

/// What each column of a table is called and says of one thing: side by side, so that none can slip under another's head.
pub(crate) struct Columns<'a, T> {
    heads: Vec<String>,
    cells: Vec<Says<'a, T>>,
    figures_from: Option<usize>,
}

impl<'a, T> Columns<'a, T> {
    pub(crate) fn new() -> Self {
        Self { heads: Vec::new(), cells: Vec::new(), figures_from: None }
    }

    /// One more.
    #[must_use]
    pub(crate) fn column<C: Into<Cell>>(
        mut self,
        head: impl Into<String>,
        cell: impl Fn(&T) -> C + 'a,
    ) -> Self {
        self.heads.push(head.into());
        self.cells.push(Box::new(move |row| cell(row).into()));
        self
    }

    /// All that follow are figures.
    #[must_use]
    pub(crate) fn figures(mut self) -> Self {
        self.figures_from = Some(self.heads.len());
        self
    }

    /// A table with a row of each.
    pub(crate) fn table<'r>(self, caption: impl Into<String>, rows: impl IntoIterator<Item = &'r T>) -> Table
    where
        T: 'r,
    {
        let figures_from = self.figures_from.unwrap_or(self.heads.len());
        let mut table = Table::new(caption, self.heads).figures_from(figures_from);
        for row in rows {
            table.row(self.cells.iter().map(|cell| cell(row)));
        }
        table
    }
}

/// One field.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    pub(crate) text: String,
    pub(crate) tone: Tone,
}

/// How good something is. Never said by colour alone: the text says it too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tone {
    Plain,
    Good,
    Doubtful,
    Bad,
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: text.into(), tone: Tone::Plain }
    }
}

impl Cell {
    pub(crate) fn toned(tone: Tone, text: impl Into<String>) -> Self {
        Self { text: text.into(), tone }
    }
}

impl Table {
    pub(crate) fn new(
        caption: impl Into<String>,
        heads: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let heads: Vec<String> = heads.into_iter().map(Into::into).collect();
        Self { caption: caption.into(), figures_from: heads.len(), heads, rows: Vec::new() }
    }

    #[must_use]
    pub(crate) fn figures_from(mut self, column: usize) -> Self {
        self.figures_from = column;
        self
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }
}

impl Section {
    pub(crate) fn new(id: impl Into<String>, heading: impl Into<String>) -> Self {
        Self { id: id.into(), heading: heading.into(), blocks: Vec::new() }
    }

    pub(crate) fn text(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Text(text.into()));
    }

    /// A list, or what to say where it is empty.
    pub(crate) fn list(&mut self, entries: Vec<String>, none: impl Into<String>) {
        self.blocks.push(if entries.is_empty() { Block::Text(none.into()) } else { Block::List(entries) });
    }

    /// A table, unless it has no rows.
    pub(crate) fn table(&mut self, table: Table) {
        if !table.rows.is_empty() {
            self.blocks.push(Block::Table(table));
        }
    }
}

/// In which language people read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Language {
    /// English.
    #[default]
    En,
    /// French.
    Fr,
}

/// French with the spaces before its double signs as no line may break at: narrow but before the colon and within quotes.
pub(crate) fn unbroken(text: &str) -> String {
    let text = text.replace(" :", "\u{a0}:").replace(" ;", "\u{202f};");
    text.replace("« ", "«\u{a0}").replace(" »", "\u{a0}»")
}

/// A sentence in the report's language: English, then French, then what stands in them.
macro_rules! say {
    ($language:expr, $english:literal, $french:literal $(, $argument:expr)* $(,)?) => {
        match $language {
            $crate::report::page::Language::En => format!($english $(, $argument)*),
            $crate::report::page::Language::Fr => $crate::report::page::unbroken(&format!($french $(, $argument)*)),
        }
    };
}
pub(crate) use say;
