//! From bytes to lines and columns.

use std::ops::Range;

use super::SourceFile;
use crate::finding::Place;

/// Longer source lines are cut in excerpts: a finding must stay small even where a file is one
/// line of ten megabytes.
const EXCERPT_CHARS: usize = 400;

/// A file's text with the start of each of its lines.
#[derive(Debug)]
pub(crate) struct Lines {
    name: String,
    text: String,
    starts: Vec<usize>,
}

impl Lines {
    /// Finds the lines.
    pub(crate) fn new(file: &SourceFile) -> Lines {
        let breaks = file.text.match_indices('\n').map(|(at, _)| at + 1);
        let starts = std::iter::once(0).chain(breaks).collect();
        Lines { name: file.name.clone(), text: file.text.clone(), starts }
    }

    /// The file's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The byte at which a line starts; lines count from 1.
    pub(crate) fn start_of(&self, line: u32) -> usize {
        let ix = (line as usize).saturating_sub(1).min(self.starts.len() - 1);
        self.starts[ix]
    }

    /// The line that holds a byte, counted from 1.
    pub(crate) fn line_of(&self, byte: usize) -> u32 {
        let line = self.starts.partition_point(|&start| start <= byte);
        u32::try_from(line).unwrap_or(u32::MAX)
    }

    /// The place of some bytes. A place that goes over several lines ends with its first one, so
    /// that the caret stays below the line that is shown.
    pub(crate) fn place(&self, bytes: Range<usize>) -> Place {
        let start = self.boundary(bytes.start);
        let line = self.line_of(start);
        let line_start = self.start_of(line);
        let rest = &self.text[line_start..];
        let whole = rest.split('\n').next().unwrap_or_default().trim_end_matches('\r');
        let end = self.boundary(bytes.end).clamp(start, (line_start + whole.len()).max(start));
        let count = |to: usize| self.text[line_start..to].chars().count();
        let column = count(start) + 1;
        let end_column = (count(end) + 1).max(column + 1);
        Place {
            file: self.name.clone(),
            line,
            column: u32::try_from(column).unwrap_or(u32::MAX),
            end_line: line,
            end_column: u32::try_from(end_column).unwrap_or(u32::MAX),
            excerpt: whole.chars().take(EXCERPT_CHARS).collect(),
        }
    }

    fn boundary(&self, byte: usize) -> usize {
        let mut byte = byte.min(self.text.len());
        while !self.text.is_char_boundary(byte) {
            byte -= 1;
        }
        byte
    }
}
