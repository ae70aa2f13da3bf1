"""What a person should know without looking for it: in the page, by e-mail, in the browser."""
