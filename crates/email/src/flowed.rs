//! Undoing `format=flowed` (RFC 3676): lines that were wrapped for the way become paragraphs again.

/// The paragraphs of a flowed text. A line that ends in a blank goes on in the next one of the same depth of
/// quotation; `delsp` says that the blank itself was added for the way.
pub(crate) fn unfold(text: &str, delsp: bool) -> String {
    let mut unfolded = String::with_capacity(text.len());
    // The depth of the paragraph that goes on in the next line.
    let mut open: Option<usize> = None;
    for line in text.lines() {
        let depth = line.bytes().take_while(|&byte| byte == b'>').count();
        let content = &line[depth..];
        // A blank in front was added to protect the line.
        let content = content.strip_prefix(' ').unwrap_or(content);
        let is_signature = content == "-- ";
        if open != Some(depth) || is_signature {
            if open.is_some() {
                end_line(&mut unfolded);
            }
            unfolded.push_str(&line[..depth]);
            if depth > 0 {
                unfolded.push(' ');
            }
        }
        let flows = content.ends_with(' ') && !is_signature;
        unfolded.push_str(if flows && delsp { &content[..content.len() - 1] } else { content });
        open = flows.then_some(depth);
        if !flows {
            unfolded.push('\n');
        }
    }
    unfolded
}

fn end_line(text: &mut String) {
    text.truncate(text.trim_end_matches(' ').len());
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::unfold;

    #[test]
    fn wrapped_lines_become_paragraphs() {
        let text =
            "one \ntwo \nthree\n\n>> old \n>> words\n> newer \nanswer\n From here\n-- \nAnn \n";
        assert_eq!(
            unfold(text, false),
            "one two three\n\n>> old words\n> newer\nanswer\nFrom here\n-- \nAnn "
        );
        assert_eq!(unfold("日本 \n語\n", true), "日本語\n");
    }
}
