"""E-mail: letters in by IMAP or by a service's webhook, out by SMTP or by Resend."""
