/* The least that a process takes, for `make bench`. */
int
main (void)
{
  return 0;
}
